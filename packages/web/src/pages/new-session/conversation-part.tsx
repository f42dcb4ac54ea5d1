import type { Capabilities, ProviderId } from '@codepiper/core/providers/provider.ts';
import { useQuery } from '@tanstack/react-query';
import { cx } from '../../kit/cx.ts';
import { Field, Input, Select } from '../../kit/field.tsx';
import { Skeleton } from '../../kit/states.tsx';
import { Ago } from '../../kit/time.tsx';
import type { Draft } from './draft.ts';
import { conversationsQuery } from './queries.ts';

interface Props {
  provider: ProviderId;
  capabilities: Capabilities;
  /** Absolute; null as long as there is none. */
  directory: string | null;
  continues: Draft['continues'];
  conversation: string;
  error: string | undefined;
  onChange(change: Partial<Pick<Draft, 'continues' | 'conversation'>>): void;
}

const ways = { no: 'Begin a new one', resume: 'Go on with one', fork: 'Begin with a copy of one' } as const;

/** Which conversation the session has. */
export function ConversationPart({
  capabilities,
  continues,
  conversation,
  error,
  onChange,
  ...place
}: Props) {
  return (
    <>
      <Field label="Conversation">
        {(props) => (
          <Select
            {...props}
            value={continues}
            onChange={({ target }) => onChange({ continues: target.value as Draft['continues'] })}
          >
            <option value="no">{ways.no}</option>
            <option value="resume">{ways.resume}</option>
            {capabilities.supportsFork && <option value="fork">{ways.fork}</option>}
          </Select>
        )}
      </Field>
      {continues !== 'no' && (
        <>
          <Field label="Conversation id" error={error} hint="As the agent calls it.">
            {(props) => (
              <Input
                {...props}
                value={conversation}
                onChange={({ target }) => onChange({ conversation: target.value })}
                className="font-mono"
              />
            )}
          </Field>
          <Known {...place} chosen={conversation} onChoose={(id) => onChange({ conversation: id })} />
        </>
      )}
    </>
  );
}

/** Those of the directory, the newest first. */
function Known({
  provider,
  directory,
  chosen,
  onChoose,
}: Pick<Props, 'provider' | 'directory'> & { chosen: string; onChoose(id: string): void }) {
  const { data, isError } = useQuery({
    ...conversationsQuery(provider, directory ?? ''),
    enabled: directory !== null,
  });
  if (directory === null) return <p className="text-quiet text-sm">Choose a directory to see those of it.</p>;
  if (isError) return <p className="text-gone text-sm">The known conversations could not be had.</p>;
  if (!data) return <Skeleton className="h-20" />;
  const own = data.filter(({ parent }) => parent === null);
  if (own.length === 0) return <p className="text-quiet text-sm">None is known of this directory.</p>;
  return (
    <ul
      aria-label="Known conversations"
      className="max-h-64 overflow-y-auto rounded-md border border-line bg-ground p-1"
    >
      {own.map(({ id, conversationId, title, branch, lastAt }) => (
        <li key={id}>
          <button
            type="button"
            aria-pressed={conversationId === chosen}
            onClick={() => onChoose(conversationId)}
            className={cx(
              'flex min-h-11 w-full items-center gap-3 rounded px-2.5 py-1.5 text-left text-sm hover:bg-raised',
              conversationId === chosen && 'bg-raised',
            )}
          >
            <span className="min-w-0 flex-1">
              <span className="block truncate">{title ?? 'Without a title'}</span>
              <span className="block truncate font-mono text-quiet text-xs">
                {conversationId}
                {branch && ` · ${branch}`}
              </span>
            </span>
            {lastAt && <Ago time={lastAt} className="shrink-0 text-quiet text-xs" />}
          </button>
        </li>
      ))}
    </ul>
  );
}
