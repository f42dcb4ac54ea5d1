import type { Room } from './fit-font.ts';
import { fontFamily } from './font-family.ts';

/**
 * What a cell takes, in CSS pixels, at any font: measured and rounded as the emulator does it (CharSizeService and the
 * renderers of 6.0.0). Drawn by the graphics card a cell is as wide as whole pixels of the glass.
 */
export function cellMeasure(isDrawnQuickly: () => boolean): (font: number) => Room {
  const context = document.createElement('canvas').getContext('2d');
  return (font) => {
    if (!context) return { width: font * 0.6, height: font * 1.2 };
    context.font = `${font}px ${fontFamily}`;
    const { width, fontBoundingBoxAscent, fontBoundingBoxDescent } = context.measureText('W');
    const [across, down] = [width * devicePixelRatio, fontBoundingBoxAscent + fontBoundingBoxDescent];
    return {
      width: (isDrawnQuickly() ? Math.floor(across) : across) / devicePixelRatio,
      height: Math.ceil(down * devicePixelRatio) / devicePixelRatio,
    };
  };
}
