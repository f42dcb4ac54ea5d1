import type { ProviderId, ProviderInfo } from '@codepiper/core/providers/provider.ts';
import { cx } from '../../kit/cx.ts';

interface Props {
  providers: readonly ProviderInfo[];
  value: ProviderId;
  error: string | undefined;
  onChange(provider: ProviderId): void;
}

/** Which agent; one that is not there says how it is installed. */
export function ProviderChoice({ providers, value, error, onChange }: Props) {
  return (
    <fieldset>
      <legend className="mb-1.5 font-medium text-sm">Agent</legend>
      <div className="grid gap-2 sm:grid-cols-3">
        {providers.map(({ id, label, installed, version, installHint }) => (
          <label
            key={id}
            className={cx(
              'relative flex min-h-14 flex-col justify-center rounded-md border bg-ground px-3 py-2 text-sm has-focus-visible:outline-2 has-focus-visible:outline-accent',
              id === value ? 'border-accent shadow-[inset_0_0_0_1px_var(--color-accent)]' : 'border-edge',
              installed ? 'cursor-pointer' : 'cursor-not-allowed border-dashed',
            )}
          >
            <input
              type="radio"
              name="provider"
              value={id}
              checked={id === value}
              disabled={!installed}
              onChange={() => onChange(id)}
              className="absolute inset-0 cursor-[inherit] opacity-0"
            />
            <span className={cx('font-medium', !installed && 'text-quiet')}>{label}</span>
            <span className="text-quiet text-xs break-words">
              {installed ? (version ?? 'installed') : `Not found. ${installHint ?? ''}`}
            </span>
          </label>
        ))}
      </div>
      {error && (
        <p role="alert" className="mt-1.5 text-gone text-sm">
          {error}
        </p>
      )}
    </fieldset>
  );
}
