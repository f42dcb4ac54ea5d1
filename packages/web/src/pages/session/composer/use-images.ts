import type { UploadedImage } from '@codepiper/core/attachments/attachment.ts';
import { imageLimits, imageTypes } from '@codepiper/core/attachments/images.ts';
import { useEffect, useRef, useState } from 'react';
import { toast } from 'sonner';
import { client } from '../../../api/client.ts';
import { wordsOf } from '../../../api/words-of.ts';

const timeoutMs = 120_000;

export const imageAccept = imageTypes.join(',');
export const imageWords = 'PNG, JPEG, GIF or WebP, up to 10 MB each';

/** An image that goes with the next prompt. */
export interface PromptImage {
  key: string;
  name: string;
  /** Address of its thumbnail. */
  preview: string;
  /** Null until the daemon has it. */
  uploaded: UploadedImage | null;
  problem: string | null;
}

/** Images beside a draft: each is brought to the daemon as soon as it is there. */
export function useImages(session: string) {
  const [images, setImages] = useState<readonly PromptImage[]>([]);
  const previews = useRef(new Set<string>());
  useEffect(() => {
    const made = previews.current;
    return () => {
      for (const preview of made) URL.revokeObjectURL(preview);
    };
  }, []);

  const change = (key: string, to: Partial<PromptImage>) =>
    setImages((all) => all.map((image) => (image.key === key ? { ...image, ...to } : image)));
  const add = (files: Iterable<File>) => {
    const given = [...files];
    const { atOnce, withPrompt } = imageLimits;
    const taken = given.slice(0, Math.min(atOnce, withPrompt - images.length));
    if (taken.length < given.length) {
      toast.error(`${atOnce} images at a time, and ${withPrompt} with one prompt: the others were left out.`);
    }
    for (const file of taken) {
      const key = crypto.randomUUID();
      const preview = URL.createObjectURL(file);
      previews.current.add(preview);
      const problem = problemOf(file);
      setImages((all) => [...all, { key, name: file.name, preview, uploaded: null, problem }]);
      if (problem !== null) continue;
      client
        .request('POST', '/sessions/:id/upload-image', {
          ...{ params: { id: session }, form: { image: file }, timeoutMs },
        })
        .then(
          (uploaded) => change(key, { uploaded }),
          (error: unknown) => change(key, { problem: wordsOf(error) }),
        );
    }
  };
  return {
    images,
    add,
    remove: (key: string) => setImages((all) => all.filter((image) => image.key !== key)),
    /** They were sent; those that came meanwhile stay. */
    clear: (sent: readonly PromptImage[]) =>
      setImages((all) => all.filter(({ key }) => !sent.some((one) => one.key === key))),
    isUploading: images.some(({ uploaded, problem }) => uploaded === null && problem === null),
  };
}

function problemOf({ type, size, name }: File): string | null {
  if (!imageTypes.some((known) => known === type))
    return `${name} is no image that agents read: ${imageWords}.`;
  return size > imageLimits.bytes ? `${name} is larger than 10 MB.` : null;
}
