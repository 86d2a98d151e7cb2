import type { AdminRoute } from './admin-route.ts';
import { answerJson } from './answer.ts';

/** All nodes of the cluster, whichever is asked. */
export const INSPECT_NODES: AdminRoute = {
  path: /^\/inspect\/nodes$/,
  open: false,
  methods: {
    GET: async ({ response, options: { neighbours } }) => {
      const nodes = await neighbours.all();
      answerJson(response, 200, { time: Date.now(), nodes });
    },
  },
};

/** How this one is: what it tells the others. */
export const INSPECT_NODE: AdminRoute = {
  path: /^\/inspect\/node$/,
  open: false,
  elsewhere: {},
  methods: { GET: ({ response, options: { neighbours } }) => answerJson(response, 200, neighbours.vitals()) },
};
