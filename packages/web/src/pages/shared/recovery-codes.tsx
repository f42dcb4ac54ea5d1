import { useState } from 'react';
import { Button } from '../../kit/button.tsx';
import { downloadText } from '../../kit/download.ts';

interface Props {
  codes: readonly string[];
  /** What the last button says. */
  action: string;
  onDone(): void;
}

/** The codes that help when the authenticator is lost: shown this one time. */
export function RecoveryCodes({ codes, action, onDone }: Props) {
  const [isKept, setKept] = useState(false);
  const text = codes.join('\n');
  const save = () => downloadText('codepiper-recovery-codes.txt', `${text}\n`, 'text/plain');
  return (
    <div className="flex flex-col gap-4">
      <p className="text-quiet text-sm">
        Each signs you in once when you have lost your authenticator. They are shown only now.
      </p>
      <ul className="grid grid-cols-1 gap-1.5 rounded-md border border-line bg-ground p-3 font-mono text-sm">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="flex gap-2">
        <Button className="flex-1" onClick={() => void navigator.clipboard.writeText(text)}>
          Copy
        </Button>
        <Button className="flex-1" onClick={save}>
          Save as a file
        </Button>
      </div>
      <label className="flex items-center gap-2 text-sm">
        <input
          type="checkbox"
          className="size-4 accent-(--cp-accent)"
          checked={isKept}
          onChange={({ target }) => setKept(target.checked)}
        />
        I have kept them
      </label>
      <Button tone="primary" disabled={!isKept} onClick={onDone}>
        {action}
      </Button>
    </div>
  );
}
