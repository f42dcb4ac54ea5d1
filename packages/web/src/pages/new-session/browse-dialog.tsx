import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { CornerLeftUp, Folder, FolderGit2 } from 'lucide-react';
import { useState } from 'react';
import { Badge } from '../../kit/badge.tsx';
import { Button } from '../../kit/button.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { Input } from '../../kit/field.tsx';
import { ErrorState, SkeletonRows } from '../../kit/states.tsx';
import { Switch } from '../../kit/switch.tsx';
import { directoryQuery } from './queries.ts';

interface Props {
  /** Where to begin; empty for the home directory. */
  from: string;
  onChoose(path: string): void;
  onClose(): void;
}

/** The folders of the daemon's machine. */
export function BrowseDialog({ from, onChoose, onClose }: Props) {
  const [path, setPath] = useState(from);
  const [hidden, setHidden] = useState(false);
  const [word, setWord] = useState('');
  const { data, error, refetch } = useQuery({
    ...directoryQuery(path, hidden),
    placeholderData: keepPreviousData,
  });
  const go = (next: string) => {
    setPath(next);
    setWord('');
  };
  const entries = data?.entries.filter(({ name }) => name.toLowerCase().includes(word.toLowerCase())) ?? [];
  const row =
    'flex min-h-9 w-full items-center gap-2.5 rounded-md px-2.5 text-left text-sm hover:bg-raised pointer-coarse:min-h-11';

  return (
    <Dialog
      isOpen
      size="wide"
      title="Choose a directory"
      description={<span className="font-mono break-all">{data?.path ?? path}</span>}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" disabled={!data} onClick={() => data && onChoose(data.path)}>
            Use this directory
          </Button>
        </>
      }
    >
      <Input
        type="search"
        aria-label="Search in this directory"
        placeholder="Search"
        value={word}
        onChange={({ target }) => setWord(target.value)}
        onKeyDown={(event) => {
          const [only] = entries;
          if (event.key === 'Enter' && only) go(only.path);
        }}
      />
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          {error && (
            <p role="alert" className="pt-2 text-gone text-sm">
              {error.message}
            </p>
          )}
          <ul aria-label="Folders" className="mt-2 h-80 overflow-y-auto">
            {data?.parent && (
              <li>
                <button type="button" className={row} onClick={() => go(data.parent ?? '/')}>
                  <CornerLeftUp aria-hidden="true" className="size-4 text-quiet" />
                  Up
                </button>
              </li>
            )}
            {entries.map(({ name, path: each, isGitRepo }) => (
              <li key={each}>
                <button type="button" className={row} onClick={() => go(each)}>
                  {isGitRepo ? (
                    <FolderGit2 aria-hidden="true" className="size-4 text-accent" />
                  ) : (
                    <Folder aria-hidden="true" className="size-4 text-quiet" />
                  )}
                  <span className="min-w-0 flex-1 truncate">{name}</span>
                  {isGitRepo && <Badge>git</Badge>}
                </button>
              </li>
            ))}
            {data && entries.length === 0 && (
              <li className="px-2.5 py-3 text-quiet text-sm">
                {word === '' ? 'There are no folders in it.' : 'No folder is called that.'}
              </li>
            )}
            {data?.truncated && (
              <li className="px-2.5 py-3 text-quiet text-sm">There are more: type the path.</li>
            )}
            {!data && (
              <li>
                <SkeletonRows />
              </li>
            )}
          </ul>
        </>
      )}
      <Switch label="Hidden folders" checked={hidden} onChange={setHidden} />
    </Dialog>
  );
}
