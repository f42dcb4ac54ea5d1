import { Check } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { cx } from '../../kit/cx.ts';
import { Section } from '../../kit/page.tsx';
import { type Preset, presets } from '../../theme/presets.ts';
import { type ThemeChoice, themeStore } from '../../theme/theme-store.ts';

const modes: Record<ThemeChoice['mode'], string> = {
  system: 'As the system',
  dark: 'Dark',
  light: 'Light',
};

/** Colours of the page and the terminal, on this device. */
export function AppearanceSection() {
  const choice = useSyncExternalStore(themeStore.subscribe, themeStore.choice);
  return (
    <>
      <Section title="Mode" hint="Kept on this device.">
        <div className="flex flex-wrap gap-2">
          {(Object.keys(modes) as ThemeChoice['mode'][]).map((mode) => (
            <Choice
              key={mode}
              name="mode"
              label={modes[mode]}
              isChosen={choice.mode === mode}
              onChoose={() => themeStore.choose({ mode })}
            />
          ))}
        </div>
      </Section>
      {(['dark', 'light'] as const).map((scheme) => (
        <Section key={scheme} title={scheme === 'dark' ? 'Dark preset' : 'Light preset'}>
          <div className="grid gap-3 sm:grid-cols-3">
            {presets
              .filter((preset) => preset.scheme === scheme)
              .map((preset) => (
                <Choice
                  key={preset.id}
                  name={scheme}
                  label={preset.name}
                  isChosen={choice[scheme] === preset.id}
                  onChoose={() => themeStore.choose({ [scheme]: preset.id })}
                >
                  <Swatch preset={preset} />
                </Choice>
              ))}
          </div>
        </Section>
      ))}
      <Section title="Terminal" hint="Its colours may be other ones than the page's.">
        <div className="grid gap-3 sm:grid-cols-3">
          <Choice
            name="terminal"
            label="As the page"
            isChosen={choice.terminal === null}
            onChoose={() => themeStore.choose({ terminal: null })}
          />
          {presets.map((preset) => (
            <Choice
              key={preset.id}
              name="terminal"
              label={preset.name}
              isChosen={choice.terminal === preset.id}
              onChoose={() => themeStore.choose({ terminal: preset.id })}
            >
              <TerminalSwatch preset={preset} />
            </Choice>
          ))}
        </div>
      </Section>
    </>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  isChosen: boolean;
  onChoose(): void;
  children?: React.ReactNode;
}

function Choice({ name, label, isChosen, onChoose, children }: ChoiceProps) {
  return (
    <label
      className={cx(
        'flex cursor-pointer flex-col gap-2 rounded-md border px-3 py-2.5 text-sm has-focus-visible:outline-2 has-focus-visible:outline-accent',
        isChosen ? 'border-accent' : 'border-line hover:border-edge',
      )}
    >
      <span className="flex items-center gap-2">
        <input type="radio" name={name} className="sr-only" checked={isChosen} onChange={onChoose} />
        <span className="flex-1">{label}</span>
        {isChosen && <Check aria-hidden="true" className="size-4 text-accent" />}
      </span>
      {children}
    </label>
  );
}

/** The colours of a preset, in which this page is not. */
function Swatch({ preset: { tokens } }: { preset: Preset }) {
  return (
    <span
      aria-hidden="true"
      className="flex h-12 items-end gap-1.5 rounded border p-2"
      style={{ background: tokens.ground, borderColor: tokens.line }}
    >
      {[tokens.text, tokens.quiet, tokens.accent, tokens.live, tokens.wait, tokens.gone].map((color) => (
        <span key={color} className="h-4 flex-1 rounded-xs" style={{ background: color }} />
      ))}
    </span>
  );
}

function TerminalSwatch({ preset: { terminal } }: { preset: Preset }) {
  return (
    <span
      aria-hidden="true"
      className="rounded border border-line px-2 py-1 font-mono text-xs"
      style={{ background: terminal.background, color: terminal.foreground }}
    >
      <span style={{ color: terminal.green }}>~</span> <span style={{ color: terminal.blue }}>git</span> diff{' '}
      <span style={{ color: terminal.red }}>-1</span> <span style={{ color: terminal.yellow }}>+2</span>
    </span>
  );
}
