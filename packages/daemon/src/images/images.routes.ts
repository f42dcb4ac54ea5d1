import type { attachmentEndpoints } from '@codepiper/core/attachments/attachment.endpoints.ts';
import type { Handlers } from '../http/mount.ts';
import type { ImagesService } from './images.service.ts';

export function imageHandlers(
  images: ImagesService,
): Handlers<Pick<typeof attachmentEndpoints, 'uploadImage'>> {
  return {
    uploadImage: async ({ params, receive }) => images.keep(params.id, receive),
  };
}
