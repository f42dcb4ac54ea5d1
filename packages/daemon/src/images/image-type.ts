import type { ImageType } from '@codepiper/core/attachments/images.ts';

export const extensions: Readonly<Record<ImageType, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

/** What an image is by its first bytes, whatever it is called; null for what is not taken. */
export function imageTypeOf(head: Buffer): ImageType | null {
  const text = head.toString('latin1');
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(text)) return 'image/gif';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp';
  return null;
}

/** What else a file looks like, in words with an article, for people who wonder why it is refused. */
export function describeOther(head: Buffer): string | null {
  const text = head
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
  if (/^<(?:svg|\?xml|!DOCTYPE svg)/i.test(text)) return 'an SVG or XML file, which may hold scripts';
  const brand = /^....ftyp(....)/s.exec(text)?.[1];
  if (brand?.startsWith('avi')) return 'an AVIF image';
  if (brand && /^(?:hei|hev|mif1|msf1)/.test(brand)) return 'a HEIC image';
  if (text.startsWith('BM')) return 'a BMP image';
  if (/^(?:II\*\0|MM\0\*)/.test(text)) return 'a TIFF image';
  if (text.startsWith('%PDF-')) return 'a PDF';
  return null;
}
