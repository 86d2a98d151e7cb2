import type { Incarnation } from '../../runtime/ports/lease-store.ts';

/** Names of the keys of presence. The first three are the contract's. */
export const clientsOfUser = (user: string): string => `ws:user:clients:${user}`;
export const clientsOfRoom = (room: string): string => `ws:guid:clients:${room}`;
export const clientKey = (socket: string): string => `ws:client:${socket}`;
/** Sorted sets of incarnations (`number:epoch`) that hold somebody; score: last refreshed, ms. */
export const nodesOfUser = (user: string): string => `holdfast:user:nodes:${user}`;
export const nodesOfRoom = (room: string): string => `holdfast:guid:nodes:${room}`;
/** Set of the sockets that an incarnation holds. */
export const clientsOfNode = ({ number, epoch }: Incarnation): string =>
  `holdfast:clients:${number}:${epoch}`;
export const memberOf = ({ number, epoch }: Incarnation): string => `${number}:${epoch}`;
