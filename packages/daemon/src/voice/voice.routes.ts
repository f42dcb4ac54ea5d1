import type { attachmentEndpoints } from '@codepiper/core/attachments/attachment.endpoints.ts';
import type { Handlers } from '../http/mount.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import type { VoiceService } from './voice.service.ts';

export function voiceHandlers(
  voice: VoiceService,
  sessions: Pick<SessionsService, 'get'>,
): Handlers<Pick<typeof attachmentEndpoints, 'transcribe' | 'voiceStatus'>> {
  return {
    transcribe: async ({ params, receive }, _caller, { signal }) => {
      await sessions.get(params.id);
      const command = voice.requireCommand();
      return receive(async (file) => ({ text: await voice.transcribe(command, file, signal) }));
    },
    voiceStatus: async () => voice.status(),
  };
}
