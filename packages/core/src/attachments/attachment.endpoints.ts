import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { audioLimit, uploadedImageSchema } from './attachment.ts';
import { imageLimits } from './images.ts';

const ref = z.strictObject({ id: sessionRefSchema });
const liveErrors = ['session_not_found', 'session_ambiguous', 'session_ended', 'session_busy'] as const;
const fileErrors = [
  'media_refused',
  'body_too_large',
  'storage_full',
  'too_many_requests',
  'folder_blocked',
] as const;

export const attachmentEndpoints = {
  uploadImage: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/upload-image',
    summary: 'Keep an image for the session; a prompt that names it by its `mention` shows it to the agent.',
    params: ref,
    upload: { field: 'image', maxBytes: imageLimits.bytes, what: 'a PNG, JPEG, GIF or WebP image' },
    reply: uploadedImageSchema,
    status: 201,
    errors: [...liveErrors, ...fileErrors, 'images_full'],
  }),
  transcribe: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/terminal/transcribe',
    summary:
      "Make text of speech by the user's own command (voice.command). Nothing is typed, nothing is kept.",
    personal: true,
    params: ref,
    upload: { field: 'audio', maxBytes: audioLimit, what: 'an audio recording' },
    reply: z.object({ text: z.string() }),
    errors: ['session_not_found', 'session_ambiguous', ...fileErrors, 'voice_not_configured', 'voice_failed'],
  }),
  voiceStatus: defineEndpoint({
    method: 'GET',
    path: '/voice',
    summary: 'Whether speech can be made text, and how long that may take.',
    reply: z.object({ configured: z.boolean(), timeoutMs: z.number().int() }),
  }),
} as const;
