import JacquardCore
import JacquardIR

extension ModelZoo {
  /// Two convolutions with group norm and SiLU, a shift by the time's embedding between them, added to the input.
  struct TimedBlock: Module {
    let norm1: GroupNorm
    let conv1: Conv2d
    let time: Linear
    let norm2: GroupNorm
    let conv2: Conv2d
    let shortcut: Conv2d?

    init(_ inputs: Int, _ outputs: Int, groups: Int, time width: Int) {
      norm1 = GroupNorm(groups, inputs)
      conv1 = Conv2d(inputs, outputs, kernel: 3, padding: 1)
      time = Linear(width, outputs)
      norm2 = GroupNorm(groups, outputs)
      conv2 = Conv2d(outputs, outputs, kernel: 3, padding: 1)
      shortcut = inputs == outputs ? nil : Conv2d(inputs, outputs, kernel: 1)
    }

    /// - Parameters:
    ///   - x: `[N, inputs, H, W]`. - embedding: `[N, width]`.
    func callAsFunction<S: TensorFloat>(_ x: Tensor<S>, _ embedding: Tensor<S>) -> Tensor<S> {
      let shift = time(silu(embedding)).expandingDims(2).expandingDims(3)
      let y = conv2(silu(norm2(conv1(silu(norm1(x))) + shift)))
      return (shortcut.map { $0(x) } ?? x) + y
    }
  }

  /// The noise in an image of 1 x 28 x 28 at a step of diffusion: by default 32, 64 and 64 channels at 28, 14 and 7 pixels.
  public struct UNet: Module {
    let time1: Linear
    let time2: Linear
    let stem: Conv2d
    let down1: TimedBlock
    let shrink1: Conv2d
    let down2: TimedBlock
    let shrink2: Conv2d
    let middle: TimedBlock
    let up2: TimedBlock
    let up1: TimedBlock
    let norm: GroupNorm
    let output: Conv2d

    /// - Parameters: Channels at 28, 14 and 7 pixels (or at another number that 4 divides, its half and its quarter), each a
    ///   multiple of `groups`, the number of groups of each norm; the width of the step's embedding.
    public init(_ large: Int = 32, _ medium: Int = 64, _ small: Int = 64, groups: Int = 8, time width: Int = 128) {
      (time1, time2) = (Linear(64, width), Linear(width, width))
      stem = Conv2d(1, large, kernel: 3, padding: 1)
      down1 = TimedBlock(large, large, groups: groups, time: width)
      shrink1 = Conv2d(large, large, kernel: 3, stride: 2, padding: 1)
      down2 = TimedBlock(large, medium, groups: groups, time: width)
      shrink2 = Conv2d(medium, medium, kernel: 3, stride: 2, padding: 1)
      middle = TimedBlock(medium, small, groups: groups, time: width)
      up2 = TimedBlock(small + medium, medium, groups: groups, time: width)
      up1 = TimedBlock(medium + large, large, groups: groups, time: width)
      norm = GroupNorm(groups, large)
      output = Conv2d(large, 1, kernel: 3, padding: 1)
    }

    /// - Parameters:
    ///   - x: `[N,1,28,28]`. - step: 0 to 999, `[N]`.
    /// - Returns: The noise, `[N,1,28,28]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<S>, step: Tensor<Int32>) -> Tensor<S> {
      let time = time2(silu(time1(timeEmbedding(step, width: 64, as: S.self))))
      let large = down1(stem(x), time)
      let medium = down2(shrink1(large), time)
      let small = middle(shrink2(medium), time)
      let risen = up2(concat(UNet.doubled(small), medium, axis: 1), time)
      let full = up1(concat(UNet.doubled(risen), large, axis: 1), time)
      return output(silu(norm(full)))
    }

    /// Each pixel as a square of four.
    private static func doubled<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> {
      x.repeated(2, axis: 2).repeated(2, axis: 3)
    }

    static let entries = [
      Entry(name: "unet_ddpm") {
        try Graph("unet_ddpm", symbols: ["N": 64]) { g in
          let x = g.input(
            "x", Float.self, ["N", 1, 28, 28], sample: SampleHint(.normal), feed: FeedHint(column: "image"))
          let step = NoiseSchedule().input(g)
          g.output("noise", g.module(UNet())(x, step: step))
        }
      },
      Entry(name: "unet_ddpm.train") {
        try Graph("unet_ddpm.train", mode: .training, symbols: ["N": 64]) { g in
          let (noisy, noise, step) = NoiseSchedule().diffuse(ImageModel.planes(g) * 2 - 1)
          let loss = mse(g.module(UNet())(noisy, step: step), noise)
          g.minimize(loss, with: Adam(learningRate: 1e-3))
          g.output("loss", loss)
        }
      },
    ]
  }
}
