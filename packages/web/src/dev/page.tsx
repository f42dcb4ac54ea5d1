import type { Terminal as Emulator } from '@xterm/xterm';
import { useEffect, useState } from 'react';
import { nameOf } from '../api/session-words.ts';
import type { Connection } from '../terminal/connection.ts';
import { useTerminalFont } from '../terminal/font-store.ts';
import { Terminal } from '../terminal/terminal.tsx';
import { usualPresets } from '../theme/presets.ts';
import { SessionList } from './session-list.tsx';
import { useSessions } from './use-sessions.ts';

declare global {
  interface Window {
    /** The emulator that is shown, for the console and for tests. */
    codepiperTerminal?: Emulator;
  }
}

/** The development page: the sessions, and one of them as a terminal. `?session=<id>` opens that one. */
export function Page({ connection }: { connection: Connection }) {
  const list = useSessions();
  const [selected, setSelected] = useState(sessionInAddress);
  const [font, chooseFont] = useTerminalFont();
  const [title, setTitle] = useState('');
  useEffect(() => {
    const back = () => setSelected(sessionInAddress());
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);

  const select = (id: string | null) => {
    const address = new URL(location.href);
    if (id === null) address.searchParams.delete('session');
    else address.searchParams.set('session', id);
    history.pushState(null, '', address);
    setSelected(id);
  };
  const session = list.sessions?.find(({ id, name }) => id === selected || name === selected);
  const label = session ? nameOf(session) : (selected?.slice(0, 8) ?? '');
  useEffect(() => {
    const words = [selected === null ? '' : title, label].filter((word) => word !== '');
    document.title = words.length > 1 ? words.join(' · ') : [...words, 'codepiper'].join(' · ');
  }, [selected, title, label]);

  return (
    <div className="flex h-dvh w-full">
      <div
        className={`h-full w-full shrink-0 border-line lg:w-72 lg:border-r ${selected === null ? '' : 'hidden lg:block'}`}
      >
        <SessionList list={list} selected={session?.id ?? selected} onSelect={select} />
      </div>
      <main className={`h-full min-w-0 flex-1 ${selected === null ? 'hidden lg:block' : ''}`}>
        {selected === null ? (
          <p className="grid h-full place-items-center px-6 text-center text-quiet text-sm">
            Choose a session to see its terminal.
          </p>
        ) : (
          <Terminal
            key={selected}
            connection={connection}
            session={selected}
            label={label}
            theme={usualPresets.dark.terminal}
            font={font}
            onFont={chooseFont}
            onTitle={setTitle}
            onBack={() => select(null)}
            onReady={(emulator) => {
              window.codepiperTerminal = emulator;
            }}
          />
        )}
      </main>
    </div>
  );
}

function sessionInAddress(): string | null {
  return new URLSearchParams(location.search).get('session');
}
