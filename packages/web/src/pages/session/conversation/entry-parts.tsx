import type { Entry } from '@codepiper/core/transcripts/conversation.ts';
import { Ellipsis, Link2 } from 'lucide-react';
import { toast } from 'sonner';
import { client } from '../../../api/client.ts';
import { IconButton } from '../../../kit/button.tsx';
import { CopyButton } from '../../../kit/copy-button.tsx';
import { Menu } from '../../../kit/menu.tsx';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export function Clock({ at }: { at: string | null }) {
  if (at === null) return null;
  const time = new Date(at);
  return (
    <time dateTime={at} title={exact.format(time)} className="shrink-0 text-quiet text-xs tabular-nums">
      {clock.format(time)}
    </time>
  );
}

/** The whole text of an entry, which came cut when it was long. */
export async function wholeText(id: number): Promise<string> {
  const reply = await client.request('GET', '/entries/:entry', { params: { entry: String(id) } });
  return reply.entry.text;
}

/** Copies the entry, or its address: two buttons under a pointer, a menu under a finger. */
export function EntryActions({ entry, session }: { entry: Entry; session: string }) {
  const address = `${location.origin}/sessions/${session}?tab=conversation&entry=${entry.id}`;
  const copy = async (text: string, what: string) => {
    await navigator.clipboard.writeText(text);
    toast(what);
  };
  return (
    <>
      <span className="-my-1 hidden shrink-0 items-center opacity-0 focus-within:opacity-100 pointer-fine:flex group-hover:opacity-100">
        <IconButton
          label="Copy address"
          size="small"
          onClick={() => void copy(address, 'The address of the entry is copied.')}
        >
          <Link2 aria-hidden="true" className="size-4" />
        </IconButton>
        <CopyButton text={entry.text} />
      </span>
      <span className="-my-1.5 -mr-2 hidden shrink-0 pointer-coarse:block">
        <Menu
          trigger={
            <IconButton label="Copy…" size="small">
              <Ellipsis aria-hidden="true" className="size-4" />
            </IconButton>
          }
          items={[
            { label: 'Copy', onSelect: () => void copy(entry.text, 'The text is copied.') },
            {
              label: 'Copy address',
              onSelect: () => void copy(address, 'The address of the entry is copied.'),
            },
          ]}
        />
      </span>
    </>
  );
}
