import { Page } from '../../kit/page.tsx';

export function NotificationsPage() {
  return <Page title="Notifications">{null}</Page>;
}
