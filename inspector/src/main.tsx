import { render } from 'preact';
import { watchCensus } from './admin/census.ts';
import { runPlayer } from './film/film-player.ts';
import { Inspector } from './inspector.tsx';
import './theme.css';
import './page.css';
import './chart/chart.css';
import './film/film.css';

watchCensus();
runPlayer();
render(<Inspector />, document.getElementById('page')!);
