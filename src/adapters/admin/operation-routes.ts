import type { AdminRoute } from './admin-route.ts';
import { answer, answerJson } from './answer.ts';

export const METRICS: AdminRoute = {
  path: /^\/metrics$/,
  open: false,
  methods: {
    GET: async ({ response, options: { metrics } }) => {
      answer(response, 200, metrics.contentType, await metrics.scrape());
    },
  },
};

export const VERSION: AdminRoute = {
  path: /^\/version$/,
  open: false,
  elsewhere: {},
  methods: {
    GET: ({ response, options: { version } }) => {
      const { version: node, platform, arch } = process;
      const uptimeSeconds = Math.floor(process.uptime());
      answerJson(response, 200, { name: 'holdfast', version, node, platform, arch, uptimeSeconds });
    },
  },
};
