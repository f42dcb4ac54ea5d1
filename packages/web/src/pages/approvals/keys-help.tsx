import { Keyboard } from 'lucide-react';
import { useState } from 'react';
import { IconButton } from '../../kit/button.tsx';
import { Kbd } from '../../kit/code.tsx';
import { Dialog } from '../../kit/dialog.tsx';

const keys: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['j', 'k'], 'next, previous'],
  [['Enter'], 'open'],
  [['a'], 'approve once'],
  [['s'], 'approve for the session; shows the rule first'],
  [['A'], 'approve always; shows the rule first'],
  [['d'], 'deny, with a reason'],
  [['z', 'Esc'], 'back to the list'],
];

/** Says which keys there are, where there is a keyboard. */
export function KeysHelp() {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="pointer-coarse:hidden">
      <IconButton label="Keys" onClick={() => setOpen(true)}>
        <Keyboard aria-hidden="true" className="size-4" />
      </IconButton>
      <Dialog isOpen={isOpen} title="Keys" onClose={() => setOpen(false)}>
        <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2 text-sm">
          {keys.map(([each, what]) => (
            <div key={what} className="contents">
              <dt className="flex gap-1">
                {each.map((key) => (
                  <Kbd key={key}>{key}</Kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </Dialog>
    </div>
  );
}
