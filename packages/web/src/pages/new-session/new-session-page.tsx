import { Page } from '../../kit/page.tsx';

export function NewSessionPage() {
  return <Page title="New session">{null}</Page>;
}
