import type { TerminalPresence } from '@codepiper/client/terminal-link.ts';
import type { Terminal as Emulator } from '@xterm/xterm';
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { cardOf } from '../../../api/fleet-store.ts';
import { useTerminalFont } from '../../../terminal/font-store.ts';
import { Terminal } from '../../../terminal/terminal.tsx';
import { themeStore } from '../../../theme/theme-store.ts';
import { LastWords } from './last-words.tsx';
import { terminalConnection } from './terminal-connection.ts';
import { useKeyboardInset } from './use-keyboard-inset.ts';

declare global {
  interface Window {
    /** The emulator that is shown, for the console and for tests. */
    codepiperTerminal?: Emulator;
  }
}

/** Many screens of history, in a picture that is soon there. */
const firstLines = 2_000;

interface Props {
  /** Id, start of an id, or name. */
  session: string;
  label: string;
  /** Whether its program runs, as far as that is known. */
  life: 'unknown' | 'live' | 'ended';
  isShown: boolean;
  /** Names of the others that look at it. */
  onWatchers(names: readonly string[]): void;
}

/** The live terminal of the session, in the theme and letters that the person chose. */
export function TerminalTab({ session, label, life, isShown, onWatchers }: Props) {
  const theme = useSyncExternalStore(themeStore.subscribe, themeStore.terminal);
  const [font, chooseFont] = useTerminalFont();
  // By the name it was first opened with: what is typed is numbered under it.
  const [opened] = useState(session);
  const [grid] = useState(() => {
    const known = cardOf(session)?.session;
    return known && { cols: known.ptyCols, rows: known.ptyRows };
  });
  const root = useRef<HTMLDivElement>(null);
  const inset = useKeyboardInset();
  // A program that starts again has a terminal of its own; one that ends leaves its last picture to whoever looked on.
  const [before, setBefore] = useState(life);
  const [run, setRun] = useState(0);
  const [wasLive, setWasLive] = useState(false);
  if (life !== before) {
    setBefore(life);
    if (before === 'ended' && life === 'live') setRun(run + 1);
  }
  if (life === 'live' && !wasLive) setWasLive(true);
  const onPresence = useCallback(
    ({ viewers, attached }: TerminalPresence) => {
      const names = viewers
        .filter(({ you }) => !you)
        .map(({ label, role }) => (role === 'follow' ? `${label} (watching)` : label));
      onWatchers(attached ? [...names, 'a terminal on the machine'] : names);
    },
    [onWatchers],
  );
  useEffect(
    () => () => {
      window.codepiperTerminal = undefined;
    },
    [],
  );
  return (
    <div ref={root} className="h-full" style={{ paddingBottom: isShown ? inset : 0 }}>
      {life === 'ended' && !wasLive ? (
        <LastWords session={session} label={label} theme={theme} />
      ) : (
        <Terminal
          key={run}
          connection={terminalConnection()}
          session={opened}
          label={label}
          isTitled
          theme={theme}
          font={font}
          onFont={chooseFont}
          firstLines={firstLines}
          grid={grid}
          onPresence={onPresence}
          onReady={(emulator) => {
            window.codepiperTerminal = emulator;
          }}
          onLeave={() =>
            root.current
              ?.closest('[role=tabpanel]')
              ?.parentElement?.querySelector<HTMLElement>('[role=tab][data-state=active]')
              ?.focus()
          }
        />
      )}
    </div>
  );
}
