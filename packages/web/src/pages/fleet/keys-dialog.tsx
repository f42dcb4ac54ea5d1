import { Kbd } from '../../kit/code.tsx';
import { Dialog } from '../../kit/dialog.tsx';

const keys: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['j', '↓'], 'Next session'],
  [['k', '↑'], 'Session before'],
  [['Enter'], 'Open the session'],
  [['a'], 'Approve what it asks, once'],
  [['d'], 'Deny it, with a reason'],
  [['n'], 'New session'],
  [['/'], 'Search'],
  [['Ctrl K'], 'Commands'],
  [['?'], 'These keys'],
];

export function KeysDialog({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  return (
    <Dialog isOpen={isOpen} title="Keys of the fleet" onClose={onClose}>
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-6 gap-y-2 text-sm">
        {keys.map(([names, what]) => (
          <div key={what} className="contents">
            <dt className="flex gap-1.5">
              {names.map((name) => (
                <Kbd key={name}>{name}</Kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
