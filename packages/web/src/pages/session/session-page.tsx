import { Page } from '../../kit/page.tsx';

export function SessionPage() {
  return <Page title="Session">{null}</Page>;
}
