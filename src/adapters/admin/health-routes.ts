import type { AdminRoute } from './admin-route.ts';
import { answerJson } from './answer.ts';

/** That this is answered at all shows that the event loop lives. */
export const HEALTHZ: AdminRoute = {
  path: /^\/healthz$/,
  open: true,
  methods: { GET: ({ response }) => answerJson(response, 200, { status: 'ok' }) },
};

/** 200 when the node wants new work, 503 while it starts, drains, or lacks something it depends on. */
export const READYZ: AdminRoute = {
  path: /^\/readyz$/,
  open: true,
  methods: {
    GET: ({ response, options: { readiness } }) => {
      const state = readiness.state();
      const dependencies = readiness.dependencies();
      const ready = state === 'ready' && Object.values(dependencies).every(({ ok }) => ok);
      const status = ready || state !== 'ready' ? state : 'not ready';
      answerJson(response, ready ? 200 : 503, { status, dependencies });
    },
  },
};
