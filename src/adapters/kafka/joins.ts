/** The library's member of a group, as far as it matters here. */
export interface GroupMember {
  joinAndSync(): Promise<void>;
}

/**
 * When leaders move, the fetches from each broker have the group joined anew. One join at a time: two would take the
 * member's id and generation out of each other's hands, and the coordinator would wait for members that nobody is.
 */
export function joinOneByOne(Member: { readonly prototype: GroupMember }): void {
  const { prototype } = Member;
  const { joinAndSync } = prototype;
  const running = new WeakMap<GroupMember, Promise<void>>();
  prototype.joinAndSync = function () {
    let join = running.get(this);
    if (join === undefined) {
      join = joinAndSync.call(this).finally(() => running.delete(this));
      running.set(this, join);
    }
    return join;
  };
}
