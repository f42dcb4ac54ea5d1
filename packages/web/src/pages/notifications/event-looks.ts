import type { NotificationEvent } from '@codepiper/core/notifications/names.ts';
import { CircleCheck, CircleHelp, type LucideIcon, ShieldQuestion, Skull } from 'lucide-react';

/** How each event is shown: in a word, and by an icon beside it. */
export const eventLooks: Readonly<
  Record<NotificationEvent, { word: string; icon: LucideIcon; tone: string }>
> = {
  'session.permission_required': { word: 'Needs permission', icon: ShieldQuestion, tone: 'text-wait' },
  'session.input_required': { word: 'Needs an answer', icon: CircleHelp, tone: 'text-wait' },
  'session.turn_completed': { word: 'Done', icon: CircleCheck, tone: 'text-live' },
  'session.crashed': { word: 'Crashed', icon: Skull, tone: 'text-gone' },
};
