import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { queryClient } from '../api/query.ts';
import { TooltipProvider } from '../kit/tooltip.tsx';
import { Reauthentication } from './reauthentication.tsx';
import { router } from './router.tsx';

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <TooltipProvider delayDuration={400}>
        <RouterProvider router={router} />
        <Reauthentication />
      </TooltipProvider>
    </QueryClientProvider>
  );
}
