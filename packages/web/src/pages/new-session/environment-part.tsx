import { Eye, EyeOff, Plus, X } from 'lucide-react';
import { type ClipboardEvent, useState } from 'react';
import { Button, IconButton } from '../../kit/button.tsx';
import { Input } from '../../kit/field.tsx';
import { addRows, type EnvRow, readEnvText } from './env-text.ts';

interface Props {
  rows: readonly EnvRow[];
  /** What is wrong, by the name of the variable; under an empty name what is wrong with all of them. */
  errors: ReadonlyMap<string, string>;
  onChange(rows: readonly EnvRow[]): void;
}

/** Variables of the session. Their values are hidden until they are asked for. */
export function EnvironmentPart({ rows, errors, onChange }: Props) {
  const [isShown, setShown] = useState(false);
  const change = (id: string, next: Partial<EnvRow>) =>
    onChange(rows.map((row) => (row.id === id ? { ...row, ...next } : row)));
  const paste = (event: ClipboardEvent) => {
    const read = readEnvText(event.clipboardData.getData('text'));
    // A value that is pasted into its field stays one.
    if (!read) return;
    event.preventDefault();
    onChange(addRows(rows, read));
  };
  const shown = rows.length > 0 ? rows : [{ id: 'first', key: '', value: '' }];
  const edit = (row: EnvRow, next: Partial<EnvRow>) =>
    rows.length > 0 ? change(row.id, next) : onChange([{ ...row, id: crypto.randomUUID(), ...next }]);
  const general = errors.get('');

  return (
    <div className="flex flex-col gap-2">
      {shown.map((row, at) => {
        const error = row.key === '' ? undefined : errors.get(row.key);
        return (
          // The first row is the same one before and after something is typed into it.
          <div key={at === 0 ? 'first' : row.id}>
            <div className="flex items-center gap-2">
              <Input
                aria-label={`Name of variable ${at + 1}`}
                aria-invalid={error !== undefined}
                placeholder="NAME"
                value={row.key}
                autoCapitalize="characters"
                onChange={({ target }) => edit(row, { key: target.value })}
                onPaste={paste}
                className="w-2/5 font-mono"
              />
              <Input
                aria-label={`Value of ${row.key || `variable ${at + 1}`}`}
                type={isShown ? 'text' : 'password'}
                autoComplete="new-password"
                placeholder="value"
                value={row.value}
                onChange={({ target }) => edit(row, { value: target.value })}
                className="min-w-0 flex-1 font-mono"
              />
              <IconButton
                label={`Remove ${row.key || `variable ${at + 1}`}`}
                disabled={rows.length === 0}
                onClick={() => onChange(rows.filter(({ id }) => id !== row.id))}
              >
                <X aria-hidden="true" className="size-4" />
              </IconButton>
            </div>
            {error && (
              <p role="alert" className="pt-1 text-gone text-sm">
                {error}
              </p>
            )}
          </div>
        );
      })}
      {general && (
        <p role="alert" className="text-gone text-sm">
          {general}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Button
          size="small"
          onClick={() => onChange([...rows, { id: crypto.randomUUID(), key: '', value: '' }])}
        >
          <Plus aria-hidden="true" className="size-4" />
          Add
        </Button>
        <Button size="small" tone="quiet" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
          {isShown ? (
            <EyeOff aria-hidden="true" className="size-4" />
          ) : (
            <Eye aria-hidden="true" className="size-4" />
          )}
          {isShown ? 'Hide values' : 'Show values'}
        </Button>
        <p className="text-quiet text-xs">Lines of NAME=value can be pasted into a name.</p>
      </div>
    </div>
  );
}
