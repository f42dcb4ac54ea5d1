import type { PolicyFile } from '@codepiper/core/policies/policy.ts';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../../api/client.ts';
import { sessionsQuery } from '../../../api/queries.ts';
import { nameOf } from '../../../api/session-words.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { Field, Input, Select, TextArea } from '../../../kit/field.tsx';
import { useSettled } from '../../shared/use-settled.ts';
import { inputOf, toolExamples } from './call-input.ts';
import { VerdictView } from './verdict-view.tsx';

interface Props {
  /** Policies that count as if they were stored; null while they cannot be read. */
  draft?: PolicyFile | null;
  /** The session that is chosen first. */
  session?: string | undefined;
}

const quietMs = 250;
const somewhere = '';

/** A call to try: what the judge would say of it, part by part, as it is typed. Nothing runs. */
export function TryCall({ draft, session: first }: Props) {
  const { data: sessions = [] } = useQuery(sessionsQuery);
  const [chosen, setSession] = useState<string | null>(first ?? null);
  const [cwd, setCwd] = useState('');
  const [tool, setTool] = useState('shell');
  const [text, setText] = useState('');
  const session = chosen ?? sessions[0]?.id ?? somewhere;
  const input = inputOf(tool, text);
  const isAsked =
    text.trim() !== '' && !(input instanceof Error) && (session !== somewhere || cwd.startsWith('/'));
  const call = JSON.stringify({
    tool: tool.trim() || 'shell',
    input: input instanceof Error ? {} : input,
    ...(session === somewhere ? { cwd } : { session }),
    ...(draft ? { draft } : {}),
  });
  const wanted = isAsked && draft !== null ? call : null;
  const asked = useSettled(wanted, quietMs);
  const explained = useQuery({
    queryKey: ['policies', 'explain', asked],
    queryFn: ({ signal }) =>
      client.request('POST', '/policies/explain', { body: JSON.parse(asked ?? '{}'), signal }),
    enabled: asked !== null,
    // What was said before stays until what is typed is answered.
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 60_000,
  });
  const isCommand = typeof toolExamples[tool] === 'string' && tool === 'shell';
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-3 sm:grid-cols-3">
        <Field label="In">
          {(props) => (
            <Select {...props} value={session} onChange={({ target }) => setSession(target.value)}>
              {sessions.map((one) => (
                <option key={one.id} value={one.id}>
                  {nameOf(one)}
                </option>
              ))}
              <option value={somewhere}>A directory…</option>
            </Select>
          )}
        </Field>
        {session === somewhere && (
          <Field label="Directory" hint="Absolute; with the default sets.">
            {(props) => (
              <Input
                {...props}
                className="font-mono text-xs"
                placeholder="/home/me/project"
                value={cwd}
                onChange={({ target }) => setCwd(target.value)}
              />
            )}
          </Field>
        )}
        <Field label="Tool">
          {(props) => (
            <>
              <Input
                {...props}
                list="try-tools"
                className="font-mono text-xs"
                value={tool}
                onChange={({ target }) => setTool(target.value)}
              />
              <datalist id="try-tools">
                {Object.keys(toolExamples).map((name) => (
                  <option key={name} value={name} />
                ))}
              </datalist>
            </>
          )}
        </Field>
      </div>
      <Field
        label={isCommand ? 'Command' : 'Input'}
        hint={
          isCommand
            ? undefined
            : 'JSON as the agent gives it, or only what matters: a command, a path, an address.'
        }
        error={input instanceof Error ? input.message : undefined}
      >
        {(props) => (
          <TextArea
            {...props}
            rows={1}
            className="field-sizing-content min-h-9 max-h-64 py-2 font-mono text-xs"
            placeholder={toolExamples[tool] ?? '{ "argument": "value" }'}
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        )}
      </Field>
      <div aria-live="polite" aria-busy={asked !== wanted || explained.isFetching}>
        {draft === null ? (
          <p className="text-quiet text-sm">Once the rules can be read, this says what they do.</p>
        ) : explained.error && isAsked ? (
          <p role="alert" className="text-gone text-sm">
            {wordsOf(explained.error)}
          </p>
        ) : explained.data && isAsked ? (
          <VerdictView verdict={explained.data.verdict} />
        ) : (
          <p className="text-quiet text-sm">Type a call to see what would be said of it, and why.</p>
        )}
      </div>
    </div>
  );
}
