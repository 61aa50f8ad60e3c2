// What nobody says a device for is tested on the CPU, whichever devices the machine has: elsewhere numbers differ in their last digits.
process.env["ONNX_GRAFT_DEVICE"] ??= "cpu";
