# An RTSP server that is not ours (GStreamer's), with H.264 and MJPEG. Arguments: user and password, or none for an
# open server. Prints its port and runs until it is ended.
import sys
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
role = "viewer"

if len(sys.argv) == 3:
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", role)
    auth.add_digest(sys.argv[1], sys.argv[2], token)
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    server.set_auth(auth)

video = "videotestsrc is-live=true pattern=smpte ! video/x-raw,format=I420,width=640,height=360,framerate=10/1 ! "
streams = {
    "/h264": video + "x264enc tune=zerolatency key-int-max=10 ! rtph264pay name=pay0",
    "/mjpeg": video + "jpegenc ! rtpjpegpay name=pay0",
    # As old cameras do: packets by UDP only.
    "/udp": video + "jpegenc ! rtpjpegpay name=pay0",
}
for path, pipeline in streams.items():
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch("( " + pipeline + " )")
    factory.set_shared(True)
    if path == "/udp":
        factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
    if len(sys.argv) == 3:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role(role, "media.factory.access", True)
        permissions.add_permission_for_role(role, "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory(path, factory)

server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
