import { z } from 'zod';
import { imageTypes } from './images.ts';

/** Of one piece of speech, in bytes. */
export const audioLimit = 25 * 1024 * 1024;

export const uploadedImageSchema = z.object({
  /** Absolute, on the machine of the daemon. */
  path: z.string(),
  /** Its name there: what was sent, made harmless, with a part of the content's hash. */
  filename: z.string(),
  mediaType: z.enum(imageTypes),
  bytes: z.number().int(),
  /** How a prompt of this session names the image; the agent then sees it. Put it where the image belongs. */
  mention: z.string(),
});
export type UploadedImage = z.infer<typeof uploadedImageSchema>;
