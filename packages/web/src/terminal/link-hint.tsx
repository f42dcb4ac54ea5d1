import { isWebAddress } from './web-address.ts';

/** Where a link leads: a program may write any text over any address. */
export function LinkHint({ uri }: { uri: string }) {
  return (
    <div className="absolute right-2 bottom-2 left-2 z-10 mx-auto flex w-fit max-w-[calc(100%-1rem)] items-center gap-3 rounded-md border border-line bg-panel px-3 py-2 text-xs shadow-lg">
      <span className="truncate font-mono">{uri}</span>
      {isWebAddress(uri) ? (
        <a
          href={uri}
          target="_blank"
          rel="noopener noreferrer"
          className="shrink-0 rounded bg-accent/15 px-2 py-1 text-accent"
        >
          Open <span className="hidden md:inline">(Ctrl+click)</span>
        </a>
      ) : (
        <span className="shrink-0 text-wait">no web address: it is not opened</span>
      )}
    </div>
  );
}
