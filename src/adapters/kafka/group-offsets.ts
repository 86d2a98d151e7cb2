/** The library's keeper of a consumer's offsets, as far as it matters here. */
export interface GroupOffsets {
  coordinator: object;
  readonly groupId: string;
  readonly cluster: { findGroupCoordinator(group: { groupId: string }): Promise<object> };
  commitOffsets(offsets?: object): Promise<void>;
}

/**
 * Commits go to the coordinator of when the group was joined, for as long as the library has not joined anew. Ours joins
 * only when everything is committed, and would wait for itself once the coordinator has moved: so it is looked for again.
 */
export function followCoordinator(Offsets: { readonly prototype: GroupOffsets }): void {
  const { prototype } = Offsets;
  const { commitOffsets } = prototype;
  prototype.commitOffsets = async function (offsets) {
    try {
      await commitOffsets.call(this, offsets);
    } catch (error) {
      if ((error as { type?: unknown }).type === 'NOT_COORDINATOR_FOR_GROUP') {
        this.coordinator = await this.cluster.findGroupCoordinator({ groupId: this.groupId });
      }
      throw error;
    }
  };
}
