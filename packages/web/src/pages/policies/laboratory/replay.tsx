import type { ReplayGroup } from '@codepiper/core/policies/policy.endpoints.ts';
import type { DefaultAction, Policy, Rule } from '@codepiper/core/policies/policy.ts';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowRight } from 'lucide-react';
import { useState } from 'react';
import { client } from '../../../api/client.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { Badge } from '../../../kit/badge.tsx';
import { Button } from '../../../kit/button.tsx';
import { Field, Select, TextArea } from '../../../kit/field.tsx';
import { rulesText } from '../../shared/rules/rules-text.ts';
import { actionWords, defaultWords } from '../../shared/verdict/actions.ts';
import { WhyWords } from '../../shared/verdict/verdict-trace.tsx';
import { policiesQuery } from '../policies-queries.ts';
import { useReading } from '../rules/use-reading.ts';

const spans = { '1': 'The last day', '7': 'The last week', '30': 'The last month', '': 'All times' } as const;
const own = '';
const dayMs = 86_400_000;
/** So many groups are shown at once; the others when they are asked for. */
const shownGroups = 50;

/** What rules would have made of the past: stored ones, or some that are written here. */
export function Replay() {
  const { data: policies = [] } = useQuery(policiesQuery);
  const [chosen, setChosen] = useState<string>(own);
  const [text, setText] = useState('- action: deny\n  tool: shell\n  args:\n    command: "git push*"\n');
  const [days, setDays] = useState<keyof typeof spans>('7');
  const [action, setAction] = useState<DefaultAction>('ask');
  const { rules, problems, isReading } = useReading(text);
  const replay = useMutation({
    mutationFn: () =>
      client.request('POST', '/policies/replay', {
        timeoutMs: 60_000,
        body: {
          draft: {
            policies: [
              policyOf(
                policies.find(({ id }) => id === chosen),
                rules,
              ),
            ],
          },
          defaultAction: action,
          ...(days === '' ? {} : { since: new Date(Date.now() - Number(days) * dayMs).toISOString() }),
        },
      }),
  });
  const stored = policies.find(({ id }) => id === chosen);
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        replay.mutate();
      }}
    >
      <div className="grid gap-3 sm:grid-cols-3">
        <Field label="Rules">
          {(props) => (
            <Select {...props} value={chosen} onChange={({ target }) => setChosen(target.value)}>
              <option value={own}>Written here</option>
              {policies.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="What they do not speak of">
          {(props) => (
            <Select
              {...props}
              value={action}
              onChange={({ target }) => setAction(target.value as DefaultAction)}
            >
              {Object.entries(defaultWords).map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Calls of">
          {(props) => (
            <Select
              {...props}
              value={days}
              onChange={({ target }) => setDays(target.value as keyof typeof spans)}
            >
              {(['1', '7', '30', ''] as const).map((value) => (
                <option key={value} value={value}>
                  {spans[value]}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      {stored ? (
        <pre className="max-h-48 overflow-auto rounded-md border border-line bg-ground px-3 py-2 font-mono text-xs">
          {rulesText(stored.rules)}
        </pre>
      ) : (
        <Field label="Rules as YAML" error={problems.join('; ')}>
          {(props) => (
            <TextArea
              {...props}
              className="field-sizing-content max-h-96 min-h-24 font-mono text-xs leading-5"
              value={text}
              onChange={({ target }) => setText(target.value)}
            />
          )}
        </Field>
      )}
      <div>
        <Button
          type="submit"
          isBusy={replay.isPending}
          disabled={!stored && (isReading || problems.length > 0 || rules.length === 0)}
        >
          Replay
        </Button>
      </div>
      <div aria-live="polite">
        {replay.error && (
          <p role="alert" className="text-gone text-sm">
            {wordsOf(replay.error)}
          </p>
        )}
        {replay.data && <Changes {...replay.data} />}
      </div>
    </form>
  );
}

function policyOf(stored: Policy | undefined, rules: readonly Rule[]) {
  const rest = { enabled: true, priority: 0, scope: 'global' as const };
  return stored
    ? { ...rest, name: stored.name, rules: stored.rules }
    : { ...rest, name: 'written here', rules: [...rules] };
}

function Changes({ calls, unchanged, groups }: { calls: number; unchanged: number; groups: ReplayGroup[] }) {
  const [isAll, setAll] = useState(false);
  if (calls === 0) return <p className="text-quiet text-sm">No call was decided in that time.</p>;
  const shown = isAll ? groups : groups.slice(0, shownGroups);
  return (
    <div className="flex flex-col gap-3">
      <p className="text-sm">
        {calls} {calls === 1 ? 'call' : 'calls'}: {unchanged} as they were decided, {calls - unchanged}{' '}
        otherwise.
      </p>
      <ul className="flex flex-col gap-1.5">
        {shown.map(({ from, to, tool, text, count, lastSeq, reason }) => (
          <li
            key={`${from} ${to} ${lastSeq}`}
            className="rounded-md border border-line bg-ground px-3 py-2 text-sm"
          >
            <div className="flex flex-wrap items-center gap-2">
              <Decided action={from} />
              <ArrowRight aria-label="would be" className="size-3.5 text-quiet" />
              <Decided action={to} />
              <span className="text-quiet text-xs">{tool}</span>
              <Link
                to="/policies"
                search={{ tab: 'audit', decision: lastSeq }}
                className="ml-auto text-quiet text-xs underline decoration-edge underline-offset-2 hover:text-text"
              >
                {count === 1 ? `entry ${lastSeq}` : `${count} times, last entry ${lastSeq}`}
              </Link>
            </div>
            <code className="mt-1 block break-words font-mono text-xs">{text}</code>
            <p className="mt-0.5 text-quiet text-xs">
              <WhyWords why={reason} rule={null} />
            </p>
          </li>
        ))}
      </ul>
      {shown.length < groups.length && (
        <Button size="small" onClick={() => setAll(true)}>
          Show all {groups.length}
        </Button>
      )}
    </div>
  );
}

function Decided({ action }: { action: string }) {
  const { word, tone } = actionWords[action as keyof typeof actionWords] ?? actionWords.none;
  return <Badge tone={tone}>{word}</Badge>;
}
