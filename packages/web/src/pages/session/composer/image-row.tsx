import { X } from 'lucide-react';
import { cx } from '../../../kit/cx.ts';
import type { PromptImage } from './use-images.ts';

/** The images that go with the prompt. */
export function ImageRow({
  images,
  onRemove,
}: {
  images: readonly PromptImage[];
  onRemove(key: string): void;
}) {
  if (images.length === 0) return null;
  return (
    <ul aria-label="Images" className="flex flex-wrap gap-2 px-1 pb-2">
      {images.map(({ key, name, preview, uploaded, problem }) => (
        <li
          key={key}
          className={cx(
            'flex max-w-64 items-center gap-2 rounded-md border border-line bg-ground p-1 text-xs',
            problem !== null && 'border-gone/60',
          )}
        >
          <img
            src={preview}
            alt=""
            className={cx('size-10 rounded object-cover', uploaded === null && 'animate-pulse opacity-60')}
          />
          <span className="min-w-0">
            <span className="block truncate">{name}</span>
            {problem !== null ? (
              <span role="alert" className="block text-gone">
                {problem}
              </span>
            ) : (
              <span className="block text-quiet">{uploaded ? sizeOf(uploaded.bytes) : 'on its way…'}</span>
            )}
          </span>
          <button
            type="button"
            aria-label={`Remove ${name}`}
            onClick={() => onRemove(key)}
            className="flex size-8 shrink-0 items-center justify-center rounded text-quiet hover:bg-raised hover:text-text pointer-coarse:size-11"
          >
            <X aria-hidden="true" className="size-3.5" />
          </button>
        </li>
      ))}
    </ul>
  );
}

function sizeOf(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
