import { decisionsCsv } from '@codepiper/core/audit/decision-csv.ts';
import { useMutation } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { toast } from 'sonner';
import { wordsOf } from '../../../api/words-of.ts';
import { IconButton } from '../../../kit/button.tsx';
import { downloadText } from '../../../kit/download.ts';
import { Menu } from '../../../kit/menu.tsx';
import { type AuditFilter, allDecisions } from './audit-queries.ts';

const types = { csv: 'text/csv', jsonl: 'application/jsonl' } as const;

/** Everything that fits the filters as a file, the oldest entry first. */
export function ExportMenu({ filter }: { filter: AuditFilter }) {
  const save = useMutation({
    mutationFn: async (form: keyof typeof types) => {
      const pieces: string[] = [];
      let count = 0;
      const told = toast.loading('Reading the audit log…');
      try {
        for await (const decisions of allDecisions(filter)) {
          count += decisions.length;
          const oldestFirst = decisions.toReversed();
          pieces.push(
            form === 'csv'
              ? decisionsCsv(oldestFirst, false)
              : oldestFirst.map((one) => `${JSON.stringify(one)}\n`).join(''),
          );
          toast.loading(`Reading the audit log: ${count} entries…`, { id: told });
        }
        const text = `${form === 'csv' ? decisionsCsv([]) : ''}${pieces.reverse().join('')}`;
        downloadText(`codepiper-audit.${form}`, text, types[form]);
        toast.success(`${count} entries are saved.`, { id: told });
      } catch (error) {
        toast.error(wordsOf(error), { id: told });
      }
    },
  });
  return (
    <Menu
      trigger={
        <IconButton label="Export" size="small" isBusy={save.isPending}>
          <Download aria-hidden="true" className="size-4" />
        </IconButton>
      }
      items={[
        { label: 'Save as CSV', onSelect: () => save.mutate('csv') },
        { label: 'Save as JSON lines', onSelect: () => save.mutate('jsonl') },
      ]}
    />
  );
}
