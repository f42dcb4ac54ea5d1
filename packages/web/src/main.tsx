import './styles.css';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { apply } from './theme/theme-store.ts';

apply();
const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
