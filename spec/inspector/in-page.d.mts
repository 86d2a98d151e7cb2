export function focusedState(): string | null;
export function focusedOutline(): string;
export function pageWidth(): number;
export function contrastFaults(): string[];
