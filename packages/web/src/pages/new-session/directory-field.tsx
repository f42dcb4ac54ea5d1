import type { DraftVerdict } from '@codepiper/core/fleet/new-session.ts';
import { useQuery } from '@tanstack/react-query';
import { FolderOpen, GitBranch, TriangleAlert } from 'lucide-react';
import { Suspense, useId, useState } from 'react';
import { Button } from '../../kit/button.tsx';
import { Field, Input } from '../../kit/field.tsx';
import { lazyPart } from '../../kit/load-part.ts';
import { useSettled } from '../shared/use-settled.ts';
import { directoryQuery, recentDirectoriesQuery } from './queries.ts';

const BrowseDialog = lazyPart(async () => (await import('./browse-dialog.tsx')).BrowseDialog);

/** So many of the folders used last are a press away. */
const shownRecent = 4;
/** Typing is waited out for this long before folders are asked for, in milliseconds. */
const settleMs = 200;

interface Props {
  value: string;
  verdict: DraftVerdict | null;
  error: string | undefined;
  onChange(cwd: string): void;
}

export function DirectoryField({ value, verdict, error, onChange }: Props) {
  const { data: recent = [] } = useQuery(recentDirectoriesQuery);
  const [isBrowsing, setBrowsing] = useState(false);
  const list = useId();
  const inside = useFoldersOf(value);
  const warnings = verdict?.warnings.filter(({ field }) => field === 'cwd') ?? [];
  const others = recent.filter(({ path }) => path !== value && path !== verdict?.cwd).slice(0, shownRecent);
  return (
    <div className="flex flex-col gap-2">
      <Field label="Directory" error={error} hint="Absolute, or below your home directory by ~.">
        {(props) => (
          <div className="flex gap-2">
            <Input
              {...props}
              list={list}
              value={value}
              placeholder="~/work/project"
              autoCapitalize="none"
              autoCorrect="off"
              onChange={({ target }) => onChange(target.value)}
              className="font-mono"
            />
            <Button onClick={() => setBrowsing(true)}>
              <FolderOpen aria-hidden="true" className="size-4" />
              Browse
            </Button>
          </div>
        )}
      </Field>
      <datalist id={list}>
        {[...new Set([...inside, ...recent.map(({ path }) => path)])].map((path) => (
          <option key={path} value={path} />
        ))}
      </datalist>
      {others.length > 0 && (
        <ul aria-label="Recent directories" className="flex flex-wrap gap-1.5">
          {others.map(({ path }) => (
            <li key={path} className="min-w-0">
              <Button size="small" className="max-w-full" title={path} onClick={() => onChange(path)}>
                <span className="truncate font-mono text-xs">{shortened(path)}</span>
              </Button>
            </li>
          ))}
        </ul>
      )}
      <div aria-live="polite" className="flex flex-col gap-1 text-sm">
        {verdict?.git && (
          <p className="flex flex-wrap items-center gap-1.5 text-quiet">
            <GitBranch aria-hidden="true" className="size-4" />
            {verdict.git.branch ?? 'no branch checked out'}
            <span className="text-xs">in {verdict.git.root}</span>
          </p>
        )}
        {warnings.map(({ message }) => (
          <p key={message} className="flex items-start gap-1.5 text-wait">
            <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
            {message}
          </p>
        ))}
      </div>
      {isBrowsing && (
        <Suspense>
          <BrowseDialog
            from={verdict?.directoryExists ? verdict.cwd : ''}
            onClose={() => setBrowsing(false)}
            onChoose={(path) => {
              onChange(path);
              setBrowsing(false);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

/** Paths that go on where the typed one ends, written as it is. */
function useFoldersOf(typed: string): readonly string[] {
  const parent = /^(?:~|)\//.test(typed) ? typed.slice(0, typed.lastIndexOf('/') + 1) : '';
  const asked = useSettled(parent, settleMs);
  const { data } = useQuery({ ...directoryQuery(asked, false), enabled: asked !== '', retry: false });
  return asked === parent && asked !== '' ? (data?.entries.map(({ name }) => asked + name) ?? []) : [];
}

/** The end of a path says more than its beginning. */
function shortened(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.length > 2 ? `…/${parts.slice(-2).join('/')}` : path;
}
