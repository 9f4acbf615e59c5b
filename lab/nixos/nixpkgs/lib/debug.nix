# Looking at values while they are computed.
{ lib }:
{
  traceVal = value: builtins.trace value value;
  traceValFn = f: value: builtins.trace (f value) value;
  traceSeq = shown: builtins.trace (builtins.deepSeq shown shown);
  traceValSeq = value: lib.traceSeq value value;
  traceIf = condition: message: if condition then builtins.trace message else lib.id;
}
