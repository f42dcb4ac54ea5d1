import type { ISearchOptions } from '@xterm/addon-search';
import type { ITheme } from '@xterm/xterm';

/** What is found lies on the theme's own mark: its text can be read there in every theme. */
export function searchColours({
  selectionBackground,
  selectionInactiveBackground,
  yellow,
}: ITheme): ISearchOptions {
  const found = yellow ?? '#f2c14e';
  return {
    decorations: {
      ...(selectionInactiveBackground ? { matchBackground: selectionInactiveBackground } : {}),
      ...(selectionBackground ? { activeMatchBackground: selectionBackground } : {}),
      activeMatchBorder: found,
      matchOverviewRuler: found,
      activeMatchColorOverviewRuler: found,
    },
  };
}
