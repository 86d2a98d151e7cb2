import { render } from 'preact';
import { watchCensus } from './admin/census.ts';
import { watchNodes } from './admin/nodes.ts';
import { runPlayer } from './film/film-player.ts';
import { Inspector } from './inspector.tsx';
import './theme.css';
import './page.css';
import './chart/chart.css';
import './film/film.css';
import './cluster/cluster.css';

watchCensus();
watchNodes();
runPlayer();
render(<Inspector />, document.getElementById('page')!);
