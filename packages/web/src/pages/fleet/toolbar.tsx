import { SlidersHorizontal, X } from 'lucide-react';
import { type RefObject, useState } from 'react';
import type { FleetEntry } from '../../api/fleet-store.ts';
import { agentNames } from '../../api/session-words.ts';
import { Button, IconButton } from '../../kit/button.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { Field, Input, Select } from '../../kit/field.tsx';
import { type FleetSearch, type StateFilter, stateFilters } from './fleet-search.ts';

const stateWords: Record<StateFilter, string> = {
  waiting: 'Needs you',
  busy: 'Busy',
  idle: 'Idle',
  ended: 'Ended',
};

interface Props {
  entries: readonly FleetEntry[];
  search: FleetSearch;
  input: RefObject<HTMLInputElement | null>;
  /** What was searched for is found: on to it. */
  onDone(): void;
  onChange(change: { [Key in keyof FleetSearch]?: FleetSearch[Key] | undefined }): void;
}

/** Search, filter and order: all of it is in the address. */
export function Toolbar({ entries, search, input, onDone, onChange }: Props) {
  const [isOpen, setOpen] = useState(false);
  const chosen = [search.state, search.provider, search.repository].filter((each) => each !== undefined);
  return (
    <search className="flex shrink-0 items-center gap-2 border-line border-b px-4 py-2 sm:px-6">
      <Input
        ref={input}
        type="search"
        aria-label="Search sessions"
        aria-keyshortcuts="/"
        placeholder="Search name, repository, branch"
        value={search.q ?? ''}
        onChange={({ target }) => onChange({ q: target.value === '' ? undefined : target.value })}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            onChange({ q: undefined });
            event.currentTarget.blur();
          } else if (event.key === 'Enter' || event.key === 'ArrowDown') {
            event.preventDefault();
            onDone();
          }
        }}
        className="min-w-0 flex-1 lg:max-w-96"
      />
      <div className="hidden items-center gap-2 xl:flex">
        <Choices entries={entries} search={search} onChange={onChange} isCompact />
      </div>
      {chosen.length > 0 && (
        <IconButton
          label="Clear the filter"
          className="hidden xl:inline-flex"
          onClick={() => onChange({ state: undefined, provider: undefined, repository: undefined })}
        >
          <X aria-hidden="true" className="size-4" />
        </IconButton>
      )}
      <Button
        className="xl:hidden"
        aria-label={chosen.length > 0 ? `Filter, ${chosen.length} chosen` : 'Filter'}
        onClick={() => setOpen(true)}
      >
        <SlidersHorizontal aria-hidden="true" className="size-4" />
        {chosen.length > 0 && <span className="tabular-nums">{chosen.length}</span>}
      </Button>
      <Dialog
        isOpen={isOpen}
        title="Filter"
        onClose={() => setOpen(false)}
        footer={
          <>
            <Button
              onClick={() =>
                onChange({ state: undefined, provider: undefined, repository: undefined, group: undefined })
              }
            >
              Clear
            </Button>
            <Button tone="primary" onClick={() => setOpen(false)}>
              Show
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-4">
          <Choices entries={entries} search={search} onChange={onChange} />
        </div>
      </Dialog>
    </search>
  );
}

function Choices({
  entries,
  search,
  onChange,
  isCompact = false,
}: Omit<Props, 'input' | 'onDone'> & { isCompact?: boolean }) {
  const providers = [...new Set(entries.map(({ provider }) => provider))].toSorted();
  const places = [...new Set(entries.map(({ place }) => place))].toSorted((a, b) => a.localeCompare(b));
  const kept = <T extends string>(known: readonly T[], value: string | undefined): readonly string[] =>
    value === undefined || known.some((each) => each === value) ? known : [...known, value];
  return (
    <>
      <Choice
        label="State"
        any="Any state"
        isCompact={isCompact}
        value={search.state}
        options={stateFilters.map((state) => [state, stateWords[state]])}
        onChange={(value) => onChange({ state: stateFilters.find((state) => state === value) })}
      />
      <Choice
        label="Agent"
        any="Any agent"
        isCompact={isCompact}
        value={search.provider}
        options={kept(providers, search.provider).map((id) => [
          id,
          (agentNames as Readonly<Record<string, string>>)[id] ?? id,
        ])}
        onChange={(provider) => onChange({ provider })}
      />
      <Choice
        label="Repository"
        any="Any repository"
        isCompact={isCompact}
        value={search.repository}
        options={kept(places, search.repository).map((place) => [place, place])}
        onChange={(repository) => onChange({ repository })}
      />
      <Choice
        label="Group"
        any="Group by state"
        isCompact={isCompact}
        value={search.group}
        options={[['repository', 'Group by repository']]}
        onChange={(group) => onChange({ group: group === 'repository' ? 'repository' : undefined })}
      />
    </>
  );
}

function Choice({
  label,
  any,
  value,
  options,
  isCompact,
  onChange,
}: {
  label: string;
  any: string;
  value: string | undefined;
  options: readonly (readonly [value: string, word: string])[];
  isCompact: boolean;
  onChange(value: string | undefined): void;
}) {
  const select = (props: object) => (
    <Select
      {...props}
      value={value ?? ''}
      onChange={({ target }) => onChange(target.value === '' ? undefined : target.value)}
      className={isCompact ? 'w-auto max-w-52 pr-7' : ''}
    >
      <option value="">{any}</option>
      {options.map(([each, word]) => (
        <option key={each} value={each}>
          {word}
        </option>
      ))}
    </Select>
  );
  if (isCompact) return select({ 'aria-label': label });
  return <Field label={label}>{select}</Field>;
}
