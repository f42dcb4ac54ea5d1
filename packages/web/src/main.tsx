import './styles.css';
import { createRoot } from 'react-dom/client';
import { connect } from './connection.ts';
import { Page } from './page/page.tsx';

const root = document.getElementById('root');
if (root) createRoot(root).render(<Page connection={connect()} />);
