import { type Browser, chromium as playwright } from 'playwright-core';
import { CHROMIUM_ARGS, chromium } from '../../scripts/chromium.mjs';

/** A headless Chromium; installs one when the machine has none. */
export function startBrowser(): Promise<Browser> {
  return playwright.launch({ executablePath: chromium(), args: [...CHROMIUM_ARGS] });
}
