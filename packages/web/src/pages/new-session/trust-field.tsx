import { useId } from 'react';

interface Props {
  agent: string;
  checked: boolean;
  isMissing: boolean;
  onChange(trust: boolean): void;
}

/** The agent would ask in its terminal before it works in a directory; here it is asked before it starts. */
export function TrustField({ agent, checked, isMissing, onChange }: Props) {
  const id = useId();
  return (
    <div
      data-invalid={isMissing || undefined}
      className="rounded-md border border-wait/60 bg-wait/5 px-3 py-2 text-sm"
    >
      <p id={id}>
        {agent} does not trust this directory yet: it could read, change and run the files in it. Say so only
        if you know where they come from.
      </p>
      <label className="flex min-h-9 items-center gap-2.5 font-medium pointer-coarse:min-h-11">
        <input
          type="checkbox"
          checked={checked}
          aria-describedby={id}
          onChange={({ target }) => onChange(target.checked)}
          className="size-4 accent-accent pointer-coarse:size-5"
        />
        I trust the files in this directory
      </label>
      {isMissing && (
        <p role="alert" className="pb-1 text-gone">
          It cannot start before you do.
        </p>
      )}
    </div>
  );
}
