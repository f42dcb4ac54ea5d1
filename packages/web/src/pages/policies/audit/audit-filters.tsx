import { toolKinds } from '@codepiper/core/policies/tool-kinds.ts';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { useEffect, useId, useState } from 'react';
import { sessionsQuery } from '../../../api/queries.ts';
import { nameOf } from '../../../api/session-words.ts';
import { Button } from '../../../kit/button.tsx';
import { cx } from '../../../kit/cx.ts';
import { Input, Select } from '../../../kit/field.tsx';
import { useSettled } from '../../shared/use-settled.ts';
import { actionWords } from '../../shared/verdict/actions.ts';
import type { PolicySearch } from '../policy-search.ts';
import { decisionKinds } from './audit-queries.ts';

const typingMs = 300;

/** What entries are shown: kept in the address. On a phone only when they are asked for. */
export function AuditFilters({ search, isShown }: { search: PolicySearch; isShown: boolean }) {
  const navigate = useNavigate();
  const { data: sessions = [] } = useQuery(sessionsQuery);
  const set = (change: Partial<Record<keyof PolicySearch, string | undefined>>) => {
    const next = { ...search, ...change, tab: 'audit' as const };
    const kept = Object.entries(next).filter(([, value]) => value !== undefined && value !== '');
    void navigate({ to: '/policies', search: Object.fromEntries(kept) as PolicySearch, replace: true });
  };
  const { session, outcome, tool, since, until, call } = search;
  const isKnown = session === undefined || sessions.some(({ id }) => id === session);
  const isAny = [session, outcome, tool, since, until, call].some((value) => value !== undefined);
  return (
    <search
      className={cx('w-full grid-cols-2 gap-2 md:grid md:grid-cols-5', isShown ? 'grid' : 'max-md:hidden')}
    >
      <Select
        aria-label="Session"
        value={session ?? ''}
        onChange={({ target }) => set({ session: target.value })}
      >
        <option value="">All sessions</option>
        {!isKnown && <option value={session}>{session?.slice(0, 8)}</option>}
        {sessions.map((one) => (
          <option key={one.id} value={one.id}>
            {nameOf(one)}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Decision"
        value={outcome ?? ''}
        onChange={({ target }) => set({ outcome: target.value })}
      >
        <option value="">All decisions</option>
        {decisionKinds.map((kind) => (
          <option key={kind} value={kind}>
            {actionWords[kind].past}
          </option>
        ))}
      </Select>
      <ToolInput key={tool ?? ''} value={tool ?? ''} onChange={(value) => set({ tool: value })} />
      <TimeInput label="From" value={since} onChange={(value) => set({ since: value })} />
      <TimeInput label="Until" value={until} onChange={(value) => set({ until: value })} />
      {isAny && (
        <div className="col-span-full flex flex-wrap items-center gap-2 text-quiet text-sm">
          {call !== undefined && <span className="break-all">Only the call {call}.</span>}
          <Button
            size="small"
            tone="quiet"
            onClick={() => void navigate({ to: '/policies', search: { tab: 'audit' } })}
          >
            <X aria-hidden="true" className="size-4" />
            Clear the filters
          </Button>
        </div>
      )}
    </search>
  );
}

function ToolInput({ value, onChange }: { value: string; onChange(value: string): void }) {
  const [text, setText] = useState(value);
  const settled = useSettled(text.trim(), typingMs);
  useEffect(() => {
    if (settled !== value) onChange(settled);
    // When the person paused, not when the address changed.
  }, [settled]);
  return (
    <>
      <Input
        aria-label="Tool"
        className="max-md:col-span-2"
        placeholder="Any tool"
        list="audit-tools"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <datalist id="audit-tools">
        {toolKinds.map((kind) => (
          <option key={kind} value={kind} />
        ))}
      </datalist>
    </>
  );
}

/** A time of this place; the address has it in ISO 8601. */
function TimeInput({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string | undefined;
  onChange(value: string | undefined): void;
}) {
  const id = useId();
  return (
    <label
      htmlFor={id}
      className="col-span-2 flex min-w-0 items-center gap-2 text-quiet text-sm md:col-span-1"
    >
      <span className="w-9 shrink-0">{label}</span>
      <Input
        id={id}
        type="datetime-local"
        className="min-w-0 px-2"
        value={value === undefined ? '' : localText(value)}
        onChange={({ target }) => {
          const time = new Date(target.value);
          onChange(Number.isNaN(time.getTime()) ? undefined : time.toISOString());
        }}
      />
    </label>
  );
}

function localText(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
