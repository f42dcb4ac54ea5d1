import type { Terminal as Emulator } from '@xterm/xterm';
import { useEffect, useState } from 'react';
import type { Connection } from '../terminal/connection.ts';
import { Terminal } from '../terminal/terminal.tsx';
import { SessionList } from './session-list.tsx';
import { nameOf, useSessions } from './use-sessions.ts';

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
