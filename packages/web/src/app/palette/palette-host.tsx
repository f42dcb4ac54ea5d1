import { Suspense, useEffect, useState } from 'react';
import { lazyPart } from '../../kit/load-part.ts';
import { whenPaletteAsked } from '../../kit/palette-door.ts';

const Palette = lazyPart(async () => (await import('./palette.tsx')).Palette);

/** Opens the commands by Ctrl+K, or where a page asks for them. They are loaded the first time. */
export function PaletteHost() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      if (event.altKey || event.shiftKey || isInTerminal(event.target)) return;
      event.preventDefault();
      setOpen((was) => !was);
    };
    const end = whenPaletteAsked(() => setOpen(true));
    document.addEventListener('keydown', onKey);
    return () => {
      end();
      document.removeEventListener('keydown', onKey);
    };
  }, []);
  if (!isOpen) return null;
  return (
    <Suspense>
      <Palette onClose={() => setOpen(false)} />
    </Suspense>
  );
}

/** There it is the shell's: it cuts the rest of the line. */
function isInTerminal(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('.xterm') !== null;
}
